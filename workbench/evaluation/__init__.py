"""What is to be found out: a dataset asked through variants of a prompt, scored, perhaps several times."""

from workbench.evaluation.stored import SAMPLES, STUDY, held, rebuildable
from workbench.evaluation.study import Eval, Trial

__all__ = ["SAMPLES", "STUDY", "Eval", "Trial", "held", "rebuildable"]
