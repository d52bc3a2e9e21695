/**
 * Whether this machine has the exact dot product of u8 and s8. The instruction computes what the processor has: exact sums, sums that
 * saturate, or products of other signs; only asking tells.
 */

/** A module of one function, `exact`, as the compiler writes it (compile/module.ts); a test holds the two together. */
export const probeModule =
  'AGFzbQEAAAABGARgA39/fwBgAn9/AGAEf39/fwBgAX8BfwISAQZvY3Rhdm8GbWVtb3J5AgABAwQDAQIDBAQBcAAABxYDA3J1bgAABGNhbGwAAQVleGFjdAACCnwDMQACQANAIAFFDQEgACgCBEEAIAAoAgggACgCABEAACAAQRBqIQAgAUEBayEBDAALCwsNACABIAIgAyAAEQAACzoBAnsgAEH/AXL9DyEBIABB/wBy/Q8hAiACIAH9DAAAAAAAAAAAAAAAAAAAAAD9kwL9GwBBhPQHRg8LABoEbmFtZQETAwADcnVuAQRjYWxsAgVleGFjdA==';

export function relaxedIsExact(): boolean {
  try {
    const bytes = Uint8Array.from(atob(probeModule), (c) => c.charCodeAt(0));
    if (!WebAssembly.validate(bytes)) return false;
    const memory = new WebAssembly.Memory({ initial: 1 });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { octavo: { memory } });
    return asksExact(instance);
  } catch {
    return false;
  }
}

export function asksExact(instance: WebAssembly.Instance): boolean {
  const { exact } = instance.exports;
  return typeof exact === 'function' && exact(0) === 1;
}
