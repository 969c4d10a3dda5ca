"""Raw SQL only, one module per aggregate: parameters in, frozen dataclasses out. No reward, no rule, no commit."""
