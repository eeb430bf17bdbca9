"""What a person should know about demand: trends, why a forecast is what it is, how good it was."""
