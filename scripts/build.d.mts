export function buildCode(): Promise<void>;
export function buildTypes(): void;
