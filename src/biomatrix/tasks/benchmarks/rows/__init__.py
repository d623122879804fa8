"""From the rows of official files to examples: splits, gold answers, what each form of row shows and asks."""
