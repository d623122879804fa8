"""Qwen3 in plain torch: the decoder that answers without importing Transformers, equal to the stock one bit for bit."""
