"""How real the market looks: features of our series beside those of real ones."""
