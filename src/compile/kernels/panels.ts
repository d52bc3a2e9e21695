/**
 * Weights as kernels read them, front to back with one pointer: panels of eight output channels, each
 * [bias i32 x 8][for every four summed bytes: 8 channels x 4 s8][factor f32 x 8], and a shift f32 x 8 where results are shifted.
 */

/** Output channels of a panel. */
export const panelChannels = 8;

export interface PanelSource {
  readonly channels: number;
  /** Summed bytes of data, a multiple of 4; where there is nothing to sum the weight is 0. */
  readonly places: number;
  /** In -128 .. 127. */
  weight(channel: number, place: number): number;
  /** Added to the sums, one a channel. */
  readonly biases: ArrayLike<number>;
  readonly factors: ArrayLike<number>;
  readonly shifts?: ArrayLike<number>;
  /** The even channels of a panel before the odd ones. */
  readonly byTurns?: boolean;
}

export function panelBytes(places: number, shifted: boolean): number {
  return panelChannels * (places + (shifted ? 12 : 8));
}

export function panelCount(channels: number): number {
  return Math.ceil(channels / panelChannels);
}

export function packPanels(source: PanelSource): Uint8Array<ArrayBuffer> {
  const { channels, places, biases, factors, shifts, byTurns = false } = source;
  const size = panelBytes(places, shifts !== undefined);
  const bytes = new Uint8Array(panelCount(channels) * size);
  const view = new DataView(bytes.buffer);
  for (let c = 0; c < channels; c++) {
    const inPanel = c % panelChannels;
    const lane = byTurns ? (inPanel >> 1) + (inPanel % 2) * (panelChannels / 2) : inPanel;
    const start = ((c - inPanel) / panelChannels) * size;
    const behind = start + panelChannels * (4 + places);
    view.setInt32(start + lane * 4, biases[c]!, true);
    view.setFloat32(behind + lane * 4, factors[c]!, true);
    if (shifts !== undefined) view.setFloat32(behind + 32 + lane * 4, shifts[c]!, true);
    for (let place = 0; place < places; place++)
      view.setInt8(start + 32 + (place >> 2) * 32 + lane * 4 + (place & 3), source.weight(c, place));
  }
  return bytes;
}
