"""What a corpus will take: cores, GPUs, days, storage and cost, from rates measured on this machine."""
