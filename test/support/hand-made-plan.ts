// Plans of small models written in the text form, with ranges made by hand: no engine and no data.
import { methodByName } from '../../src/calibrate/methods/index.ts';
import { TensorStatistic } from '../../src/calibrate/statistic.ts';
import { spellQdq } from '../../src/formats/onnx/spell-qdq.ts';
import type { Graph, Model, Node, QuantParams } from '../../src/ir/index.ts';
import { shapeOf, verify } from '../../src/ir/index.ts';
import { parseModel } from '../../src/ir/text.ts';
import { inferTypes } from '../../src/ops/infer-types.ts';
import { applyPlan } from '../../src/quantize/apply.ts';
import type { Layout } from '../../src/quantize/decision.ts';
import { layOut } from '../../src/quantize/layout.ts';
import { makePlan } from '../../src/quantize/make-plan.ts';
import type { QuantPlan, ValueParams } from '../../src/quantize/plan.ts';
import type { Selection } from '../../src/quantize/select.ts';
import { compileSelection } from '../../src/quantize/select.ts';
import { calibrationSites } from '../../src/quantize/sites.ts';
import type { TargetProfile } from '../../src/quantize/targets/index.ts';
import { defaultTarget } from '../../src/quantize/targets/index.ts';

export interface PlanTextOptions extends Selection {
  readonly target?: TargetProfile;
  /** Least and greatest value seen, by value name; others are seen from -1 to 1. */
  readonly ranges?: Readonly<Record<string, readonly [number, number]>>;
  /** Default false. Means of all channels are those of the range. */
  readonly biasCorrection?: boolean;
  /** Looks at the plan, or changes it, before it is applied. */
  readonly change?: (plan: QuantPlan) => QuantPlan;
}

export interface PlannedText {
  readonly float: Model;
  readonly layout: Layout;
  readonly plan: QuantPlan;
  /** Applied: operators on codes. */
  readonly graph: Graph;
  readonly int8: Model;
  /** As the file says it. */
  readonly spelled: Model;
  /** `action: reason` of a node. */
  decision(node: string): string;
  /** Parameters of a value of the float model; undefined where it does not become codes. */
  params(value: string): ValueParams | undefined;
  /** The node of the applied graph that makes a value. */
  maker(value: string): Node | undefined;
  /** Parameters of a value of the applied graph, constants included; undefined for a float. */
  quant(value: string): QuantParams | undefined;
}

/** A whole model, or the body of its graph alone (opset 13). The graph is taken as it stands: nothing is fused. */
export function planText(text: string, options: PlanTextOptions = {}): PlannedText {
  return planModel(modelOfText(text), options);
}

/** As `planText`, of a model that was read. */
export function planModel(float: Model, options: PlanTextOptions = {}): PlannedText {
  const target = options.target ?? defaultTarget;
  const types = inferTypes(float);
  const layout = layOut({ model: float, types, target, select: compileSelection(float.graph, options) });
  const { biasCorrection = false } = options;
  const statistics = new Map(
    calibrationSites(layout, float.graph).map(({ value, channelAxis }) => {
      const statistic = new TensorStatistic();
      const range = options.ranges?.[value] ?? [-1, 1];
      const channels =
        channelAxis === undefined || !biasCorrection ? undefined : shapeOf(types.get(value))?.at(channelAxis);
      if (typeof channels === 'number')
        statistic.addSample(
          Float32Array.from({ length: 2 * channels }, (_, i) => range[i % 2]!),
          {
            channels,
            inner: 2,
          },
        );
      else statistic.addSample(Float32Array.from(range));
      return [value, statistic] as const;
    }),
  );
  const method = methodByName('minmax');
  const made = makePlan({ float, target, layout, types, statistics, method, biasCorrection }).plan;
  const plan = options.change === undefined ? made : options.change(made);
  const int8 = applyPlan(float, plan, target).model;
  const { graph } = int8;
  const spelled = spellQdq(int8).model;
  verify(spelled.graph, 'the spelled graph');
  return {
    float,
    layout,
    plan,
    graph,
    int8,
    spelled,
    decision(name) {
      const found = plan.nodes.find((n) => n.name === name);
      if (found === undefined) throw new Error(`the plan has no node '${name}'`);
      return `${found.action}: ${found.reason}`;
    },
    params: (value) => (Object.hasOwn(plan.values, value) ? plan.values[value] : undefined),
    maker: (value) => graph.nodes.find((n) => n.outputs.includes(value)),
    quant(value) {
      const type = graph.types.get(value);
      return type?.kind === 'quantized' ? type.quant : undefined;
    },
  };
}

export function modelOfText(text: string): Model {
  const model = parseModel(/^\s*(#|ir )/.test(text) ? text : `ir 8\nopset 13\ngraph g {\n${text}\n}`);
  verify(model.graph, 'the text');
  return model;
}
