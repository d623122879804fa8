"""What codecs of rigid steps share, whatever is placed: distances of frames, k-means, shifts of jumps, composition."""
