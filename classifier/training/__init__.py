"""Training, evaluation and the model card: needs the extras `train` and, for the encoder, `encoder`."""
