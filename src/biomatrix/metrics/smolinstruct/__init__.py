"""The metrics of SMolInstruct, as ``OSU-NLP-Group/LLM4Chem`` at 43ab5fc computes them: first answers alone count."""
