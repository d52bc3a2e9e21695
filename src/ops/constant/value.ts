/** The value of a Constant node, in whichever of its attributes it stands. */
import type { Node } from '../../ir/index.ts';
import { Tensor } from '../../ir/index.ts';

/** Undefined for a sparse value, or none. */
export function constantValue(node: Node): Tensor | undefined {
  for (const [name, attribute] of node.attributes) {
    switch (attribute.type) {
      case 'tensor':
        if (name === 'value') return attribute.value;
        break;
      case 'float':
        if (name === 'value_float') return Tensor.from('float32', [], [attribute.value]);
        break;
      case 'floats':
        if (name === 'value_floats') return Tensor.from('float32', [attribute.value.length], attribute.value);
        break;
      case 'int':
        if (name === 'value_int') return Tensor.from('int64', [], [attribute.value]);
        break;
      case 'ints':
        if (name === 'value_ints') return Tensor.from('int64', [attribute.value.length], attribute.value);
        break;
      case 'string':
        if (name === 'value_string') return Tensor.ofStrings([], [attribute.value]);
        break;
      case 'strings':
        if (name === 'value_strings') return Tensor.ofStrings([attribute.value.length], attribute.value);
        break;
      default:
        break;
    }
  }
  return undefined;
}
