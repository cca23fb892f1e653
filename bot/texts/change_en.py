"""The salon's changes in English."""

from __future__ import annotations

from bot.texts.change_words import ChangeWords

CHANGES_EN = ChangeWords(
    moved="The salon has moved your booking.",
    removed="We are sorry: the salon had to cancel your booking.",
    offer="We are sorry: we cannot see you at this time.",
    moved_ask="If the new time does not suit you, you can change it or cancel the booking.",
    removed_ask="We apologise for the trouble. You can choose another time.",
    offer_ask="We apologise for the trouble. Please choose another time or cancel the booking.",
    by_phone="The salon's phone: {phone}",
    mine_button="My bookings",
    other_time_button="Choose another time",
    braked="🛑 Too many bookings are gone or elsewhere in the CRM at once: {removed} removed, {moved} moved of {known} "
    "to come. None of it was taken over: here all is as before, and no client was told. New bookings from the CRM are "
    "still taken.\n\nWhat to do: if it is meant so, run zapisnik sync accept. If not, put the bookings back in the "
    "CRM's diary: once they are there, all goes on by itself.",
    released="✅ The large change in the CRM's diary is settled, all goes on as usual.",
    uninformed={
        "one": "📞 {n} client could not be told that their booking has changed, please ring them up:",
        "other": "📞 {n} clients could not be told that their bookings have changed, please ring them up:",
    },
    uninformed_line="{client}: No. {code}, {when}, {what}",
    uninformed_what={"moved": "moved", "removed": "cancelled", "offer": "another time is needed"},
    uninformed_remedy="The bot cannot write to them: there is no chat, or they have blocked it.",
)
