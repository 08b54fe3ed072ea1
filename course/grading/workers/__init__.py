"""Many submissions at once: processes of this computer or of a Dask cluster."""
