"""One thread that owns the model, and who gets it when: a fair bounded queue, shared steps, deadlines, ends."""

from inference_worker.scheduler.errors import Busy, Expired, Stopped
from inference_worker.scheduler.thread import Scheduler
from inference_worker.scheduler.work import Ticket, Work

__all__ = ["Busy", "Expired", "Scheduler", "Stopped", "Ticket", "Work"]
