"""Single operators of ONNX in ONNX Runtime: second opinions on oracles."""

import onnxruntime
from onnx import helper


def run(operation, outputs, attributes=(), **inputs):
    """The operator's output. outputs: its TensorProto type; inputs: name -> array, in the operator's order."""
    kinds = {name: helper.np_dtype_to_tensor_dtype(array.dtype) for name, array in inputs.items()}
    graph = helper.make_graph(
        [helper.make_node(operation, list(inputs), ["y"], **dict(attributes))],
        "one",
        [helper.make_tensor_value_info(name, kinds[name], array.shape) for name, array in inputs.items()],
        [helper.make_tensor_value_info("y", outputs, None)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=10)
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, inputs)[0]
