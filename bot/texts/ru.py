"""The screens in Russian."""

from __future__ import annotations

from bot.texts.words import Words
from ledger import errors

_CONSENT = """Согласие на обработку персональных данных

Я разрешаю обрабатывать мои персональные данные: имя, номер телефона и идентификатор в Telegram.

Кто обрабатывает: {salon}{address}.

Цель: запись на услуги салона, связь со мной по поводу записи, её перенос и отмена.

Действия: сбор, запись, хранение, уточнение, использование, передача в систему учёта записей салона, удаление. \
Обработка ведётся с использованием средств автоматизации. Рекламу по этому согласию не присылают.

Срок: до достижения цели или до отзыва согласия. Отозвать его можно в любой момент, обратившись в салон{phone}.

Версия текста: {version}"""

RU = Words(
    locale="ru",
    welcome="Здравствуйте! Это онлайн-запись: {salon}.",
    not_open="Здравствуйте! Онлайн-запись ещё не открыта. Загляните, пожалуйста, позже.",
    address_line="Адрес: {address}",
    phone_line="Телефон: {phone}",
    call_us="Телефон салона: {phone}",
    only_buttons="Я бот и понимаю только кнопки.",
    what_next="Что дальше?",
    old_button="Эта кнопка больше не работает, начнём с начала.",
    failed="Не получилось: что-то сломалось у нас. Попробуйте, пожалуйста, ещё раз через несколько минут.",
    book_button="Записаться",
    my_bookings_button="Мои записи",
    continue_button="Продолжить запись (время за вами до {until})",
    menu_button="В начало",
    back_button="← Назад",
    choose_category="На что вас записать?",
    choose_service="Выберите услугу:",
    service_button="{title} · {price} · {length}",
    no_services="Услуг для онлайн-записи сейчас нет.",
    earlier_button="←",
    later_button="→",
    choose_master="{service} · {price} · {length}\n\nК кому вас записать?",
    any_master_button="Любой мастер",
    master_button="{name}, {title}",
    choose_day="{service}\nМастер: {master}\n\nВыберите день. Показаны только дни, где есть свободное время.",
    no_days="{service}\nМастер: {master}\n\nСвободного времени на ближайшие дни нет.",
    other_master_button="Другой мастер",
    choose_time="{service}\nМастер: {master}\n{day}\n\nВыберите время:",
    no_times="В этот день свободного времени больше нет. Выберите другой день.",
    any_master="любой",
    other_day_button="Другой день",
    kept="{summary}\n\nЭто время за вами до {until}.",
    why_consent="Для записи нужны ваши имя и телефон. Ниже — согласие на обработку этих данных: прочитайте его, "
    "пожалуйста, и ответьте кнопкой под ним.",
    consent=_CONSENT,
    consent_version="1",
    consent_given="✓ Вы дали согласие: {moment}.",
    consent_changed="Текст согласия обновился, прочитайте его, пожалуйста, ещё раз.",
    consent_refused="Понимаем. Без согласия записать вас через бот нельзя, и время мы освободили.",
    agree_button="Даю согласие",
    refuse_button="Не даю",
    ask_contact="Остался номер телефона: по нему с вами свяжутся, если что-то изменится.\n\n"
    "Нажмите «Отправить мой номер» внизу экрана или напишите номер сообщением.",
    share_contact_button="Отправить мой номер",
    drop_booking_button="Не записываться",
    bad_phone="Это не похоже на номер телефона. Напишите его цифрами, например +7 916 123-45-67, "
    "или нажмите «Отправить мой номер» внизу экрана.",
    foreign_contact="Это контакт другого человека. Нужен ваш: нажмите «Отправить мой номер» внизу экрана или напишите "
    "свой номер сообщением.",
    contact_saved="Спасибо, {name}! Номер {phone} сохранён.",
    unfinished="Вы не закончили запись, вот она:",
    confirm="Проверьте, всё ли верно:\n\n{summary}\n\nЭто время за вами до {until}.",
    confirm_button="Записаться",
    other_time_button="Другое время",
    drop_button="Отмена",
    dropped="Хорошо, запись не оформлена, время снова свободно.",
    booked="Вы записаны!\n\n{summary}",
    cancel_until="Отменить запись здесь можно не позднее чем за {notice} до визита.",
    service_line="Услуга: {service}",
    master_line="Мастер: {master}",
    when_line="Когда: {day}, {starts}–{ends}",
    price_line="Стоимость: {price}",
    free_of_charge="бесплатно",
    gone_service="услуга, которой больше нет в списке",
    gone_master="мастер, которого больше нет в списке",
    code_line="Номер записи: {code}",
    my_bookings="Ваши записи. Нажмите на запись, чтобы посмотреть её или отменить.",
    no_bookings="Предстоящих записей у вас нет.",
    booking_button="{day}, {time} · {service}",
    standing="Вы записаны.\n\n{summary}",
    cancelled="Эта запись отменена.\n\n{summary}",
    past="Этот визит уже прошёл.\n\n{summary}",
    cancel_button="Отменить запись",
    sure_to_cancel="Точно отменить?\n\n{summary}",
    yes_cancel_button="Да, отменить",
    no_cancel_button="Нет, оставить",
    just_cancelled="Запись отменена. Будем рады видеть вас в другой раз!\n\n{summary}",
    too_late_here="До визита меньше чем {notice}: отменить запись можно только по телефону.",
    refusals={
        errors.RefusalError: "Так не получится.",
        errors.SlotTakenError: "Это время только что заняли. Выберите, пожалуйста, другое.",
        errors.SlotInPastError: "Это время уже прошло. Выберите, пожалуйста, другое.",
        errors.TooSoonError: "До этого времени осталось слишком мало. Выберите, пожалуйста, время позже.",
        errors.TooFarAheadError: "Так далеко вперёд запись ещё не открыта. Выберите, пожалуйста, день поближе.",
        errors.OutsideShiftError: "Расписание изменилось: в это время мастер не работает.",
        errors.ServiceNotOfferedError: "Этот мастер больше не делает эту услугу. Выберите, пожалуйста, другого.",
        errors.NotInCatalogError: "Список услуг изменился, эта кнопка устарела. Вот что есть сейчас.",
        errors.TooManyBookingsError: "У вас уже есть столько записей, сколько можно сделать через бот. Отмените одну "
        "из них или позвоните нам.",
        errors.HoldExpiredError: "Мы больше не держим это время за вами: срок вышел. Выберите, пожалуйста, время "
        "ещё раз.",
        errors.ContactMissingError: "Сначала нужен ваш номер телефона.",
        errors.ConsentMissingError: "Сначала нужно ваше согласие на обработку персональных данных.",
        errors.TooLateToCancelError: "До визита осталось слишком мало времени: отменить запись можно только по "
        "телефону.",
        errors.TooLateToMoveError: "До визита осталось слишком мало времени: перенести запись можно только по "
        "телефону.",
        errors.UnknownBookingError: "Такой записи нет.",
        errors.ForeignBookingError: "Эта запись оформлена на другого человека: показать или изменить её нельзя.",
        errors.StaleVersionError: "Запись с тех пор изменилась. Вот какая она сейчас.",
        errors.DiaryNotLoadedError: "Мы ещё переносим сюда журнал салона и пока не знаем, какие часы свободны. "
        "Загляните, пожалуйста, позже или запишитесь по телефону.",
        errors.IntegrationPausedError: "Обмен с журналом салона остановлен.",
        errors.NothingToSyncError: "В журнале салона уже всё так, как нужно.",
        errors.InvalidCatalogError: "В списке услуг ошибка, мы её исправляем.",
    },
    with_phone=frozenset(
        {
            errors.TooManyBookingsError,
            errors.TooLateToCancelError,
            errors.TooLateToMoveError,
            errors.DiaryNotLoadedError,
            errors.InvalidCatalogError,
        }
    ),
)
