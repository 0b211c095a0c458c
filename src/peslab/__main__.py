"""`python -m peslab` is the command `peslab`."""

from peslab.apps.main import main

if __name__ == "__main__":
    main()
