"""The model server: an OpenAI-style API in one process, the engine that generates in a child of it."""

MODEL_NAME = "sre-ngram-4"  # what the model is called in requests and labels
