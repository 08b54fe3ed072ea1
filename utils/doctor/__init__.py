"""`start.py doctor`: a report on what this computer has, what it lacks, and which labs need it."""

from utils.doctor.int8 import int8_support
from utils.doctor.machine import CPU_FLAGS, cores, cpu, energy_counter
from utils.doctor.needs import Need, lacking, left_out, needs
from utils.doctor.report import Row, rows, sections, show
from utils.doctor.tools import TOOLS, Tool

__all__ = [
    "CPU_FLAGS",
    "TOOLS",
    "Need",
    "Row",
    "Tool",
    "cores",
    "cpu",
    "energy_counter",
    "int8_support",
    "lacking",
    "left_out",
    "needs",
    "rows",
    "sections",
    "show",
]
