"""The lab's training job: data-parallel SGD over a TCP ring, with checkpoints, that survives the loss of its ranks."""

import os

# A rank multiplies small matrices: a second BLAS thread would cost more in waking up than it saves, and 20 processes
# share two cores. Set before anything in this package imports numpy, which reads it once.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
