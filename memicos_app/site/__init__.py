"""The site as a process: building the frontend, serving it, and starting and stopping what runs beside it."""
