"""Classifier of real and composed pieces, whose AUC measures how distinguishable the sets are."""

from itertools import pairwise

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold
from torch import nn

N_FOLDS = 4
N_EPOCHS = 12
BATCH = 64


def told_apart(real, composed, groups_of_real, groups_of_composed, seed=0, *, window=64):
    """Return the area under a classifier's ROC curve, on pieces on which it was not trained.

    The classifier judges excerpts of `window` frames; 64 frames of a tenth of a second last 6 s.
    The area is 0.5 by chance and 1 for a perfect classifier. Pieces of one group, such as excerpts
    of one recording, are never on both sides of a split. The area is the mean over folds, because
    each fold has a classifier of its own, with a different scale of odds.
    It is NaN if either set has only one group.
    """
    n_folds = min(N_FOLDS, len(set(groups_of_real)), len(set(groups_of_composed)))
    if n_folds < 2:
        return np.nan
    sets = [(real, groups_of_real, 1), (composed, groups_of_composed, 0)]
    windows, labels, groups = [], [], []
    for pieces, names, label in sets:
        for piece, name in zip(pieces, names, strict=True):
            found = [piece[i : i + window] for i in range(0, len(piece) - window + 1, window)]
            windows += found
            labels += [label] * len(found)
            groups += [name] * len(found)
    windows, labels = np.array(windows, np.float32), np.array(labels)
    _, groups = np.unique(groups, return_inverse=True)
    areas = []
    folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    for learned, unseen in folds.split(windows, labels, groups):
        classifier = learn(windows[learned], labels[learned], seed)
        with torch.inference_mode():
            # Odds are added over all keys, since transposed music is as real as the original.
            rotated = [np.roll(windows[unseen], k, axis=2) for k in range(12)]
            odds = sum(classifier(torch.from_numpy(each)).numpy() for each in rotated)
        areas.append(roc_auc_score(labels[unseen], odds))
    return np.mean(areas)


def learn(windows, labels, seed):
    """Train a convolutional network on windows in random keys."""
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    network = Classifier()
    n_steps = N_EPOCHS * -(-len(windows) // BATCH)
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=n_steps)
    targets = labels.astype(np.float32)
    network.train()
    for _ in range(N_EPOCHS):
        for rows in np.array_split(rng.permutation(len(windows)), -(-len(windows) // BATCH)):
            batch = np.roll(windows[rows], rng.integers(12), axis=2)
            loss = nn.functional.binary_cross_entropy_with_logits(
                network(torch.from_numpy(batch)), torch.from_numpy(targets[rows])
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return network.eval()


class Classifier(nn.Module):
    """Three convolutions over time, and a linear read-out of each feature's mean and maximum."""

    def __init__(self, n_hidden=64):
        super().__init__()
        # Inputs are frames and changes from frame to frame, which reveal jitter.
        sizes = [24, n_hidden, n_hidden, n_hidden]
        layers = []
        for n_inputs, n_outputs in pairwise(sizes):
            layers += [nn.Conv1d(n_inputs, n_outputs, 5), nn.BatchNorm1d(n_outputs), nn.ReLU()]
        self.layers = nn.Sequential(*layers)
        self.drop = nn.Dropout(0.3)
        self.read_out = nn.Linear(2 * n_hidden, 1)

    def forward(self, windows):
        """Return the log-odds that each window is real."""
        frames = windows.transpose(1, 2)
        changes = nn.functional.pad(frames.diff(dim=2), (1, 0))
        features = self.layers(torch.cat([frames - 0.3, 5 * changes], dim=1))
        pooled = torch.cat([features.mean(dim=2), features.amax(dim=2)], dim=1)
        return self.read_out(self.drop(pooled))[:, 0]
