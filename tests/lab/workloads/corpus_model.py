"""The model of the lab's corpus: learned once for all tests of a process."""

from lab.workloads.llm.model import NgramModel, corpus_paragraphs

PARAGRAPHS = corpus_paragraphs()
MODEL = NgramModel(PARAGRAPHS)
