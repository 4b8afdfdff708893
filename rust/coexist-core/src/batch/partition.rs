//! Placing groups so that little tie weight lies between places.
