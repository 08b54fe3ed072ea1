"""The recipe of a small supernet, which tests of training and of searches train."""

SUPERNET = """
title = "Shared weights"
seeds = [3]
[model]
kind = "supernet"
[model.space]
stem_widths = [2, 4]
[[model.space.stages]]
widths = [4, 6, 8]
depths = [1, 2]
strides = [2]
[train]
epochs = 1
batch_size = 16
[sandwich]
between = 1
"""
