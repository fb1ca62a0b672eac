//! What is about several processes over one store and one queue.
mod chaos;
mod cut_off;
mod erase;
