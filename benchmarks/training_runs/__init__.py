"""Small decoders trained on a corpus folder and compared: what benchmarks of training share."""
