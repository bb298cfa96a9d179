"""Work that goes on behind a request: started, shown, cancelled, and carried out in slices."""
