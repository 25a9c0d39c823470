"""``nnUNetv2_predict_from_modelfolder`` whose networks give stored logits.

``STUBBED_LOGITS`` names the file. Each fold's sliding window returns the same array; reading of
checkpoints, exchange of weights, processes, resampling and export are nnU-Net's own.
"""

import os

import numpy as np
import torch
from nnunetv2.inference.predict_from_raw_data import (
    nnUNetPredictor,
    predict_entry_point_modelfolder,
)

if __name__ == "__main__":
    logits = torch.from_numpy(np.load(os.environ["STUBBED_LOGITS"]))
    nnUNetPredictor.predict_sliding_window_return_logits = lambda _self, _image: logits.clone()
    predict_entry_point_modelfolder()
