"""Teaching the networks: data, augmentation, losses. At the desk only."""
