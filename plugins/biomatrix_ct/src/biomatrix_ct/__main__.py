"""``python -m biomatrix_ct``."""

from biomatrix_ct.command import main

if __name__ == "__main__":
    main()
