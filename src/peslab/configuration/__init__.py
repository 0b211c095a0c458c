"""From words to objects: conf/ composed by Hydra, checked key by key, built."""
