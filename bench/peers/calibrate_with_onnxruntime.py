"""What a user of onnxruntime does in Python: one of its calibrators over the samples, then quantize_static (QDQ) with its ranges.

Prints one line of JSON: the seconds of calibration (its sessions, its runs, its search; no import, no quantizing), and the peak
memory of the process in bytes when calibration was done.
"""

import argparse
import contextlib
import json
import os
import resource
import sys
import tempfile
import time

import numpy
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.calibrate import create_calibrator, save_tensors_data
from onnxruntime.quantization.registry import QDQRegistry, QLinearOpsRegistry

arguments = argparse.ArgumentParser()
arguments.add_argument("model")
arguments.add_argument("samples", help=".npy, [samples, ...]")
arguments.add_argument("output")
arguments.add_argument("--input", required=True)
arguments.add_argument("--method", choices=["Entropy", "Percentile"], required=True)
arguments.add_argument("--bins", type=int, default=2048)
arguments.add_argument("--percentile", type=float, default=99.999)
arguments.add_argument("--stride", type=int, default=0, help="samples whose activations are kept at a time; 0: all")
chosen = arguments.parse_args()


class Samples(CalibrationDataReader):
    def __init__(self):
        self.samples = numpy.load(chosen.samples, mmap_mode="r")
        self.set_range(0, len(self.samples))

    def __len__(self):
        return len(self.samples)

    def set_range(self, start_index, end_index):
        self.at, self.end = start_index, end_index

    def get_next(self):
        if self.at == self.end:
            return None
        self.at += 1
        return {chosen.input: numpy.array(self.samples[self.at - 1 : self.at])}


def calibrate(folder):
    # As quantize_static does it, but for the number of bins, which it leaves at 128: then entropy has one candidate, minmax.
    calibrator = create_calibrator(
        chosen.model,
        list({*QLinearOpsRegistry, *QDQRegistry}),
        augmented_model_path=os.path.join(folder, "augmented.onnx"),
        calibrate_method=CalibrationMethod[chosen.method],
        extra_options={"num_bins": chosen.bins, "percentile": chosen.percentile},
    )
    reader = Samples()
    stride = chosen.stride or len(reader)
    for start in range(0, len(reader), stride):
        reader.set_range(start, min(start + stride, len(reader)))
        calibrator.collect_data(reader)
    return calibrator.compute_data()


# The calibrators print; standard output is for the result.
with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
    started = time.perf_counter()
    ranges = calibrate(folder)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    cache = os.path.join(folder, "ranges.json")
    save_tensors_data(ranges, cache)
    quantize_static(
        chosen.model,
        chosen.output,
        None,
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod[chosen.method],
        calibration_cache_path=cache,
    )
print(json.dumps({"seconds": seconds, "peakBytes": peak}))
