/** What a file that is no ONNX model is instead, so that the message can say what to do. Asked only after reading failed. */
import type { ByteSource } from '../../base/bytes.ts';

export interface OtherFormat {
  readonly what: string;
  readonly remedy: string;
}

const latin = (text: string) => [...text].map((c) => c.charCodeAt(0));

/** Magic bytes at an offset. */
const magics: readonly (OtherFormat & { readonly at: number; readonly bytes: readonly number[] })[] = [
  {
    at: 4,
    bytes: latin('TFL3'),
    what: 'this is a TensorFlow Lite model, not ONNX',
    remedy: 'Convert it with tf2onnx (python -m tf2onnx.convert --tflite model.tflite --output model.onnx)',
  },
  {
    at: 4,
    bytes: latin('ORTM'),
    what: "this is a model in onnxruntime's own ORT format, not ONNX",
    remedy: 'Give the .onnx file it was made from',
  },
  {
    at: 0,
    bytes: latin('PK\x03\x04'),
    what: 'this is a zip archive (a PyTorch .pt or .pth checkpoint, a Keras file, or a packed model), not ONNX',
    remedy: 'Export the model with torch.onnx.export, or unpack the archive and give the .onnx file in it',
  },
  {
    at: 0,
    bytes: [0x1f, 0x8b],
    what: 'this is a gzip archive, not ONNX',
    remedy: 'Unpack it and give the .onnx file in it',
  },
  {
    at: 0,
    bytes: latin('\x89HDF'),
    what: 'this is an HDF5 file (a Keras .h5 model), not ONNX',
    remedy: 'Convert it with tf2onnx',
  },
  {
    at: 0,
    bytes: latin('GGUF'),
    what: 'this is a GGUF model, not ONNX',
    remedy: 'Export the model it was made from to ONNX',
  },
  {
    at: 0,
    bytes: latin('\x93NUMPY'),
    what: 'this is a NumPy array, not an ONNX model',
    remedy: 'Give the .onnx file; arrays serve as calibration data',
  },
  {
    at: 0,
    bytes: latin('version https://git-lfs'),
    what: 'this is a Git LFS pointer, not the model itself',
    remedy: 'Run git lfs pull, or download the file itself',
  },
];

export function looksLike(source: ByteSource): OtherFormat | undefined {
  if (source.size === 0) return { what: 'the file is empty', remedy: 'Export or download the model again' };
  const head = source.read(0, Math.min(512, source.size));
  for (const magic of magics)
    if (magic.bytes.every((byte, i) => head[magic.at + i] === byte))
      return { what: magic.what, remedy: magic.remedy };
  if (isSafetensors(head, source.size))
    return {
      what: 'this is a SafeTensors file, which holds weights but no graph',
      remedy: 'Export the whole model to ONNX, for example with optimum-cli export onnx',
    };
  if (head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5)
    return {
      what: 'this is a Python pickle (an old PyTorch checkpoint), not ONNX',
      remedy: 'Load it in Python and export it with torch.onnx.export',
    };
  if (isText(head))
    return {
      what: 'this is a text file, not ONNX',
      remedy: 'Give the .onnx file; a download that gave a web page or an error message looks like this',
    };
  return undefined;
}

/** Eight bytes of header length, then a JSON object. */
function isSafetensors(head: Uint8Array, size: number): boolean {
  if (head.length < 10) return false;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const length = view.getUint32(0, true);
  return view.getUint32(4, true) === 0 && length <= size - 8 && head[8] === 0x7b;
}

function isText(head: Uint8Array): boolean {
  return head.every((b) => b >= 0x20 || b === 9 || b === 10 || b === 13);
}
