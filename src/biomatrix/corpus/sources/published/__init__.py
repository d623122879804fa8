"""The data sets that the published corpus was made of, read from the files that their publishers give out."""
