"""An int8 .onnx file as a list of integer layers."""
