r"""Bias of an output that eps-free bits pick among fair outcomes, by causal model.

.. math:: V(\text{leaf}) = [x_\text{leaf} = 0], \qquad
          V(\text{node}) = (\tfrac12+\epsilon) \max(V_0, V_1) + (\tfrac12-\epsilon) \min(V_0, V_1).

Where the picking bits may lean on the outcomes, she reaches :math:`E[V] - 1/2` on fair outcomes;
under a common cause the picked fair outcome stays fair.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from freerand_opt.reporting.figures.answers import Ask
from freerand_opt.reporting.figures.frame import Frame, Panel
from freerand_opt.reporting.figures.row import Row, formula
