"""The screens in English."""

from __future__ import annotations

from bot.texts.words import Words
from ledger import errors

_CONSENT = """Consent to the processing of personal data

I allow my personal data to be processed: my name, my phone number and my Telegram identifier.

Who processes them: {salon}{address}.

Purpose: booking the salon's services, contacting me about a booking, moving and cancelling it.

Actions: collecting, recording, storing, correcting, using, passing on to the salon's booking system, deleting. \
The processing is done by automated means. No advertising is sent on the strength of this consent.

Term: until the purpose is fulfilled or the consent is withdrawn. It can be withdrawn at any time by contacting the \
salon{phone}.

Version of the text: {version}"""

EN = Words(
    locale="en",
    language_name="English",
    welcome="Hello! This is online booking for {salon}.",
    not_open="Hello! Online booking isn't open yet. Please look in again a little later.",
    address_line="Address: {address}",
    phone_line="Phone: {phone}",
    call_us="The salon's phone: {phone}",
    only_buttons="I'm a bot, and buttons are all I understand.",
    what_next="What would you like to do next?",
    outdated="That button no longer works, so let's start again.",
    failed="Sorry, something went wrong on our side. Please try again in a few minutes.",
    waiting="We can't save this just now. We keep trying and will answer as soon as it works: no need to tap again.",
    choose_language="Which language do you prefer?",
    language_chosen="English it is.",
    book_button="Book a visit",
    my_bookings_button="My bookings",
    continue_button="Finish your booking (time kept until {until})",
    menu_button="Main menu",
    back_button="← Back",
    choose_category="What can we book you in for?",
    choose_service="Choose a service:",
    service_button="{title} · {price} · {length}",
    no_services="There is nothing to book online at the moment.",
    earlier_button="←",
    later_button="→",
    choose_master="{service} · {price} · {length}\n\nWho would you like to see?",
    any_master_button="Anyone available",
    master_button="{name}, {title}",
    choose_day="{heading}\n\nChoose a day. Only days with free times are shown.",
    no_days="{heading}\n\nThere are no free times in the coming days.",
    other_master_button="Someone else",
    choose_time="{heading}\n{day}\n\nChoose a time:",
    no_times="There are no free times left on that day. Please choose another.",
    any_master="anyone available",
    other_day_button="Another day",
    kept="{summary}\n\nWe are keeping this time for you until {until}.",
    why_consent="To book you in we need your name and phone number. Below is the consent to our processing them: "
    "please read it and answer with a button underneath.",
    consent=_CONSENT,
    consent_version="1",
    consent_given="✓ You gave your consent: {moment}.",
    consent_changed="The text of the consent is a different one now. Please read it once more.",
    consent_refused="We understand. Without your consent we can't book you in here, so we have let the time go.",
    agree_button="I agree",
    refuse_button="I don't agree",
    ask_contact="Just your phone number now, so that we can reach you if anything changes.\n\n"
    "Tap “Share my number” at the bottom of the screen, or type it as a message.",
    share_contact_button="Share my number",
    drop_booking_button="Don't book",
    bad_phone="That doesn't look like a phone number. Please type it in digits, for example +7 916 123-45-67, "
    "or tap “Share my number” at the bottom of the screen.",
    foreign_contact="That is somebody else's contact, and we need yours: tap “Share my number” at the bottom of the "
    "screen, or type your number as a message.",
    contact_saved="Thank you, {name}! We have saved your number {phone}.",
    unfinished="Your booking isn't finished yet. Here it is:",
    confirm="Is everything right?\n\n{summary}\n\nWe are keeping this time for you until {until}.",
    confirm_button="Book it",
    other_time_button="Another time",
    drop_button="Never mind",
    dropped="All right. Nothing was booked, and the time is free again.",
    booked="You're booked in!\n\n{summary}",
    change_until="You can move or cancel your booking here up to {notice} before the visit.",
    service_line="Service: {service}",
    master_line="With: {master}",
    when_line="When: {day}, {starts}–{ends}",
    price_line="Price: {price}",
    free_of_charge="free",
    gone_service="a service no longer on our list",
    gone_master="somebody no longer on our list",
    code_line="Booking number: {code}",
    my_bookings="Your bookings. Tap one to see it, move it or cancel it.",
    no_bookings="You have no bookings ahead.",
    booking_button="{day}, {time} · {service}",
    waiting_booking_button="❗️ {booking}",
    waits_for_time="❗️ Sorry, this time does not work out.",
    choose_another_time="Please choose another one: press “Move”.",
    standing="You're booked in.\n\n{summary}",
    confirmed_line="✓ You told us that you're coming.",
    under_way="This visit has already begun.\n\n{summary}",
    past="This visit is over.\n\n{summary}",
    cancelled="This booking is cancelled.\n\n{summary}",
    too_late_here="Your visit is less than {notice} away, so it can only be moved or cancelled by phone.",
    keep_button="No, keep it",
    coming="Thank you for letting us know. See you soon!",
    cancel_button="Cancel the booking",
    sure_to_cancel="Cancel this booking?\n\n{summary}",
    yes_cancel_button="Yes, cancel it",
    just_cancelled="Your booking is cancelled. We hope to see you another time!\n\n{summary}",
    move_button="Move",
    moving="Moving your booking: {service}\nNow: {was}",
    place="{day}, {starts}–{ends}, {master}",
    choose_new_master="{moving}\n\nWho would you like to see?",
    sure_to_move="Move this booking?\n\nService: {service}\nNow: {was}\nMoves to: {new}",
    same_price_line="The price stays the same: {price}",
    yes_move_button="Yes, move it",
    just_moved="Your booking is moved, and the new time is already yours!\n\n{summary}\n\nThe old time is free again.",
    cannot_move="This service can no longer be booked here, so the booking can only be moved by phone.",
    refusals={
        errors.RefusalError: "Sorry, that isn't possible.",
        errors.SlotTakenError: "That time has just been taken. Please choose another.",
        errors.SlotInPastError: "That time has already passed. Please choose another.",
        errors.TooSoonError: "That time is too close now. Please choose a later one.",
        errors.TooFarAheadError: "Booking isn't open that far ahead yet. Please choose an earlier day.",
        errors.OutsideShiftError: "The timetable has changed: your time is outside working hours now.",
        errors.ServiceNotOfferedError: "The person you chose no longer does this service. Please choose someone else.",
        errors.NotInCatalogError: "Our list of services has changed, and that button is out of date. Here is what we "
        "offer now.",
        errors.TooManyBookingsError: "You already have as many bookings as can be made here. Please cancel one of "
        "them, or give us a call.",
        errors.HoldExpiredError: "We are no longer keeping that time for you: it ran out. Please choose a time again.",
        errors.ContactMissingError: "First we need your phone number.",
        errors.ConsentMissingError: "First we need your consent to the processing of personal data.",
        errors.TooLateToCancelError: "Your visit is too near now: it can only be cancelled by phone.",
        errors.TooLateToMoveError: "Your visit is too near now: it can only be moved by phone.",
        errors.UnknownBookingError: "There is no such booking.",
        errors.ForeignBookingError: "This booking is in somebody else's name, so it can't be shown or changed here.",
        errors.StaleVersionError: "This booking has changed since then. Here is how it stands now.",
        errors.DiaryNotLoadedError: "We are still bringing over the salon's diary and don't know yet which times are "
        "free. Please look in again later, or book by phone.",
        errors.IntegrationPausedError: "The exchange with the salon's diary is stopped.",
        errors.NotRefusedError: "The salon's diary does not refuse us now.",
        errors.NothingToSyncError: "The salon's diary already has everything as it should be.",
        errors.AttemptOpenError: "This booking is on its way to the salon's diary, please try again in a moment.",
        errors.NothingToResolveError: "Everything is settled about this booking.",
        errors.NoSuchAnswerError: "This cannot be settled like that, please choose another answer.",
        errors.NotBrakedError: "No change in the CRM waits for anybody.",
        errors.ErasedClientError: "Your data was erased. To book again, please send /start.",
        errors.InvalidCatalogError: "There is a mistake in our list of services, and we are putting it right.",
    },
)
