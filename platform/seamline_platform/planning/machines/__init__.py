"""Classical machine scheduling: job shops, flow shops and single machines of the literature."""
