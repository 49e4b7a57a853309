"""The desk: why an instance is not online, wait until it is, make it so.

    Wanted, Place --survey--> Facts --Evidence, CAUSES--> Verdict --fleet--> groups

`facts` are frozen values, and what was not read is `Unseen`. `reader` makes the calls, `survey` and the `read_` modules
choose which; `answers`, `network_answers`, `console` and `trail` take them apart. `sightings` and `evidence` derive
what follows, with `network`, `rights` and `retry`; `attempt` says when a sleeping agent asks again, `gaps` what was not
seen.
`causes` judges it, in root order; a new one goes into the module of its kind there. `desk` looks in many places; `wait`
and `wake` go on from a verdict. All but `reader` and what calls it is pure.
"""

from ssmwake.operate.causes import Confidence
from ssmwake.operate.checks import Check
from ssmwake.operate.retry import Window
from ssmwake.operate.verdict import Blocker, Verdict

__all__ = ["Blocker", "Check", "Confidence", "Verdict", "Window"]
