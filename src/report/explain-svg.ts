/** An explanation of one tensor as one picture: four panels over the same axis, and the fold near zero. */
import type { Explanation } from '../analyse/explain.ts';
import { curvePanel, foldPanel, histogramPanel, noisePanel } from './explain-panels.ts';
import { verdictLines } from './explain-text.ts';
import { label, svgDocument } from './svg-plot.ts';

const width = 880;
const height = 916;
const left = 64;
const wide = width - left - 24;

/** Self-contained, without scripts; the description holds the figures. */
export function explainSvg(explanation: Explanation): string {
  const { tensor, before, after } = explanation;
  const verdict = verdictLines(explanation).slice(2);
  const half = (wide - 56) / 2;
  return svgDocument(
    { width, height },
    { title: `Calibration of ${tensor}`, description: verdictLines(explanation).join('. ') },
    [
      label(left, 26, shortened(tensor), { class: 'title' }),
      ...verdict.map((text, i) => label(left, 46 + 17 * i, text)),
      histogramPanel(explanation, { left, top: 104, width: wide, height: 170 }),
      curvePanel(explanation, { left, top: 332, width: wide, height: 150 }),
      noisePanel(explanation, { left, top: 540, width: wide, height: 130 }),
      foldPanel(explanation, before, 'Seen (bars) and told by the codes: maximum', {
        left,
        top: 732,
        width: half,
        height: 120,
      }),
      foldPanel(explanation, after, `The same: ${after.method}`, {
        left: left + half + 56,
        top: 732,
        width: half,
        height: 120,
      }),
      label(
        left,
        height - 18,
        'Horizontal: magnitudes. Below: near zero, bin by bin; the stairs are the levels.',
      ),
    ],
  );
}

/** The middle goes: names differ at their ends. */
function shortened(text: string): string {
  const most = 118;
  return text.length <= most ? text : `${text.slice(0, most / 2 - 2)} ... ${text.slice(-(most / 2 - 2))}`;
}
