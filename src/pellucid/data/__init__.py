"""Data sets, vocabularies, file readers and the built-in tasks (NumPy and the standard library only)."""

from pellucid.data.dataset import Dataset as Dataset
from pellucid.data.dataset import Splits as Splits
from pellucid.data.dataset import split as split
from pellucid.data.old_readers import load_splits as load_splits
from pellucid.data.old_readers import read_file as read_file
from pellucid.data.old_readers import write_jsonl as write_jsonl
from pellucid.data.series import Number as Number
from pellucid.data.series import Series as Series
from pellucid.data.series import SeriesSplits as SeriesSplits
from pellucid.data.series import check_learnable as check_learnable
from pellucid.data.series import split_series as split_series
from pellucid.data.tokens import PAD as PAD
from pellucid.data.tokens import Kind as Kind
from pellucid.data.tokens import Markers as Markers
from pellucid.data.tokens import Token as Token
from pellucid.data.vocab import Encoded as Encoded
from pellucid.data.vocab import Vocab as Vocab
