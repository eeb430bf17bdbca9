"""Classical families of the scheduling literature: readers, cases, default selections."""
