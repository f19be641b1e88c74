//! Which language a text is written in. Pure.
//!
//! Of sixteen languages one is always the likeliest, also where a text is in none of them or has too few letters to tell.
//! So a guess counts only for a text of at least [`FEWEST_LETTERS`] letters (of the scripts that need fewer,
//! [`FEWEST_OF_DENSE`]) that is written in the letters of that language; anything else is in no language that is known
//! here. Languages that share a language's letters, or nearly (Bulgarian those of Russian, Finnish and at times Danish those
//! of Swedish, Hungarian those of French), may be taken for it.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// A text with fewer letters could be in any language.
pub const FEWEST_LETTERS: usize = 12;
/// The same for Chinese, Japanese and Korean, whose letters say more each.
pub const FEWEST_OF_DENSE: usize = 4;
/// How much of a text is looked at, in letters.
const MOST_LETTERS: usize = 2000;
/// One letter in so many may be foreign: a name, a loan word.
const ONE_FOREIGN_IN: usize = 33;

/// A language, by its ISO 639-1 code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Arabic.
    Ar,
    /// German.
    De,
    /// English.
    En,
    /// Spanish.
    Es,
    /// French.
    Fr,
    /// Hindi.
    Hi,
    /// Italian.
    It,
    /// Japanese.
    Ja,
    /// Korean.
    Ko,
    /// Dutch.
    Nl,
    /// Portuguese.
    Pt,
    /// Russian.
    Ru,
    /// Swedish.
    Sv,
    /// Turkish.
    Tr,
    /// Vietnamese.
    Vi,
    /// Chinese.
    Zh,
}

impl Language {
    /// Every language that is known here.
    pub const ALL: [Self; 16] = [
        Self::Ar,
        Self::De,
        Self::En,
        Self::Es,
        Self::Fr,
        Self::Hi,
        Self::It,
        Self::Ja,
        Self::Ko,
        Self::Nl,
        Self::Pt,
        Self::Ru,
        Self::Sv,
        Self::Tr,
        Self::Vi,
        Self::Zh,
    ];

    /// The language of a text; `None` if it has too few letters to tell, or is in none that is known here. Addresses of
    /// mails and pages say nothing.
    pub fn of(text: &str) -> Option<Self> {
        let words = text.split_whitespace().filter(|word| !is_address(word)).take(MOST_LETTERS);
        let words: String = words.collect::<Vec<_>>().join(" ").nfc().take(MOST_LETTERS).collect();
        let likeliest = Self::likeliest(&words);
        let (mut own, mut foreign) = (0, 0);
        for letter in words.chars().flat_map(char::to_lowercase).filter(|c| c.is_alphabetic()) {
            if likeliest.writes(letter) {
                own += 1;
            } else if !letter.is_ascii() {
                foreign += 1;
            }
        }
        if likeliest == Self::Sv && words.contains(['æ', 'ø', 'Æ', 'Ø']) {
            return None; // Danish or Norwegian
        }
        let dense = matches!(likeliest, Self::Zh | Self::Ja | Self::Ko);
        let enough = own >= if dense { FEWEST_OF_DENSE } else { FEWEST_LETTERS };
        let latin = words.chars().filter(char::is_ascii_alphabetic).count();
        // names of products stand in Latin letters anywhere
        let mostly = likeliest.writes('a') || own * if dense { 3 } else { 1 } >= latin;
        (enough && mostly && foreign * ONE_FOREIGN_IN <= own).then_some(likeliest)
    }

    /// Its name in English.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ar => "Arabic",
            Self::De => "German",
            Self::En => "English",
            Self::Es => "Spanish",
            Self::Fr => "French",
            Self::Hi => "Hindi",
            Self::It => "Italian",
            Self::Ja => "Japanese",
            Self::Ko => "Korean",
            Self::Nl => "Dutch",
            Self::Pt => "Portuguese",
            Self::Ru => "Russian",
            Self::Sv => "Swedish",
            Self::Tr => "Turkish",
            Self::Vi => "Vietnamese",
            Self::Zh => "Chinese",
        }
    }

    fn likeliest(words: &str) -> Self {
        use whichlang::Lang;
        match whichlang::detect_language(words) {
            Lang::Ara => Self::Ar,
            Lang::Deu => Self::De,
            Lang::Eng => Self::En,
            Lang::Spa => Self::Es,
            Lang::Fra => Self::Fr,
            Lang::Hin => Self::Hi,
            Lang::Ita => Self::It,
            Lang::Jpn => Self::Ja,
            Lang::Kor => Self::Ko,
            Lang::Nld => Self::Nl,
            Lang::Por => Self::Pt,
            Lang::Rus => Self::Ru,
            Lang::Swe => Self::Sv,
            Lang::Tur => Self::Tr,
            Lang::Vie => Self::Vi,
            Lang::Cmn => Self::Zh,
        }
    }

    /// Whether it is written with this small letter.
    fn writes(self, letter: char) -> bool {
        let latin = |beyond: &str| letter.is_ascii_lowercase() || beyond.contains(letter);
        let han =
            matches!(letter, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}');
        match self {
            Self::De => latin("äöüßéèàêç"),
            Self::En => latin("éèêïöñç"),
            Self::Es => latin("áéíñóúüªº"),
            Self::Fr => latin("àâæçéèêëîïôœùûüÿ"),
            Self::It => latin("àèéìíîòóùúªº"),
            Self::Nl => latin("áéëïíóöúüèêàç"),
            Self::Pt => latin("áàâãçéêíóôõúüªº"),
            Self::Sv => latin("åäöéàü"),
            Self::Tr => latin("çğıöşüâîû"),
            Self::Vi => latin("đ") || is_vietnamese(letter),
            Self::Ru => matches!(letter, 'а'..='я' | 'ё'),
            Self::Ar => {
                matches!(letter, '\u{621}'..='\u{64a}' | '\u{670}' | '\u{671}' | '\u{fe70}'..='\u{fefc}')
            }
            Self::Hi => matches!(letter, '\u{900}'..='\u{97f}'),
            Self::Ko => {
                matches!(letter, '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}' | '\u{ac00}'..='\u{d7a3}')
            }
            Self::Ja => han || matches!(letter, '々' | '\u{3040}'..='\u{30ff}' | '\u{ff66}'..='\u{ff9f}'),
            Self::Zh => han,
        }
    }
}

/// A Latin letter with nothing but marks that Vietnamese has.
fn is_vietnamese(letter: char) -> bool {
    let mut parts = std::iter::once(letter).nfd();
    let base = parts.next().is_some_and(|base| base.is_ascii_lowercase());
    // grave, acute, circumflex, tilde, breve, hook, horn, dot below
    base && parts
        .all(|mark| matches!(mark, '\u{300}'..='\u{303}' | '\u{306}' | '\u{309}' | '\u{31b}' | '\u{323}'))
}

fn is_address(word: &str) -> bool {
    word.contains('@') || word.contains("://") || word.starts_with("www.")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What customers write, in every language.
    const WRITTEN: [(Language, [&str; 3]); 16] = [
        (
            Language::Ar,
            [
                "أين طلبي؟ لم يصل بعد",
                "أريد إرجاع الحذاء لأنه صغير جدا",
                "هل يمكنكم تغيير عنوان التوصيل من فضلكم؟",
            ],
        ),
        (
            Language::De,
            [
                "Wo bleibt meine Bestellung?",
                "Ich möchte die Schuhe umtauschen",
                "Können Sie bitte die Lieferadresse ändern?",
            ],
        ),
        (
            Language::En,
            [
                "Where is my order, please?",
                "I want my money back for these shoes",
                "Could you change the delivery address of my order?",
            ],
        ),
        (
            Language::Es,
            [
                "¿Dónde está mi pedido?",
                "Quiero devolver los zapatos que compré",
                "¿Pueden cambiar la dirección de entrega?",
            ],
        ),
        (
            Language::Fr,
            [
                "Où est ma commande ?",
                "Je voudrais être remboursée pour ces chaussures",
                "Pouvez-vous changer l’adresse de livraison ?",
            ],
        ),
        (
            Language::Hi,
            ["मेरा ऑर्डर कहाँ है? अभी तक नहीं आया", "मुझे जूते वापस करने हैं", "कृपया डिलीवरी का पता बदल दीजिए"],
        ),
        (
            Language::It,
            [
                "Dov’è il mio ordine?",
                "Vorrei restituire le scarpe che ho comprato",
                "Potete cambiare l’indirizzo di consegna?",
            ],
        ),
        (
            Language::Ja,
            ["注文した商品はいつ届きますか？", "靴を返品したいです", "配送先の住所を変更してください"],
        ),
        (
            Language::Ko,
            ["주문한 상품이 언제 도착하나요?", "신발을 반품하고 싶어요", "배송지 주소를 변경해 주세요"],
        ),
        (
            Language::Nl,
            [
                "Waar blijft mijn bestelling?",
                "Ik wil de schoenen graag terugsturen",
                "Kunt u het bezorgadres wijzigen?",
            ],
        ),
        (
            Language::Pt,
            [
                "Onde está a minha encomenda?",
                "Não recebi o meu pedido ainda",
                "Vocês podem mudar o endereço de entrega?",
            ],
        ),
        (
            Language::Ru,
            [
                "Где мой заказ? Он ещё не пришёл",
                "Хочу вернуть ботинки, они малы",
                "Можно изменить адрес доставки?",
            ],
        ),
        (
            Language::Sv,
            [
                "Var är min beställning någonstans?",
                "Jag vill byta skorna mot en annan storlek",
                "Kan ni ändra leveransadressen?",
            ],
        ),
        (
            Language::Tr,
            [
                "Siparişim nerede, hâlâ gelmedi?",
                "Ayakkabıları iade etmek istiyorum",
                "Teslimat adresini değiştirebilir misiniz?",
            ],
        ),
        (
            Language::Vi,
            [
                "Đơn hàng của tôi đang ở đâu?",
                "Tôi muốn trả lại đôi giày này",
                "Bạn có thể đổi địa chỉ giao hàng không?",
            ],
        ),
        (Language::Zh, ["我的订单在哪里？", "我想退掉这双鞋子", "请帮我修改送货地址，谢谢"]),
    ];

    #[test]
    fn j2_what_customers_write_is_told_in_every_language() {
        for (language, texts) in WRITTEN {
            for text in texts {
                assert_eq!(Language::of(text), Some(language), "{text}");
            }
        }
        assert!(Language::ALL.iter().all(|one| WRITTEN.iter().any(|(language, _)| language == one)));
    }

    #[test]
    fn j2_what_cannot_be_told_is_not_guessed() {
        for text in [
            "",
            "ok",
            "Hola",
            "No, danke",
            "1042 1042 1042 1042 1042 1042",
            "👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍👍",
            "谢谢",
            "https://shop.example/where-is-my-order-please-and-thank-you anna.where.is.my.order@customer.example",
            // Greek, Thai, Hebrew, Ukrainian, Persian, Polish, Czech, Danish
            "Πού είναι η παραγγελία μου;",
            "สินค้าที่สั่งซื้อจะมาถึงเมื่อไหร่",
            "איפה ההזמנה שלי? היא עדיין לא הגיעה",
            "Де моє замовлення? Воно ще не прийшло",
            "سفارش من کجاست؟ هنوز نرسیده است",
            "Chciałbym zwrócić buty, są za małe",
            "Kde je moje objednávka? Ještě nepřišla, děkuji",
            "Hvor er min bestilling? Jeg ønsker at få pengene tilbage, den er ikke nået frem",
        ] {
            assert_eq!(Language::of(text), None, "{text}");
        }
    }

    #[test]
    fn j2_names_addresses_and_other_letters_do_not_change_a_language() {
        for (text, language) in [
            ("WO BLEIBT MEINE BESTELLUNG? ICH WARTE SEIT WOCHEN", Language::De),
            ("Ko\u{308}nnen Sie bitte die Lieferadresse a\u{308}ndern?", Language::De),
            ("Wo bleibt meine Bestellung? https://shop.example/where-is-my-order", Language::De),
            ("Where is my order 1042 for Łukasz Nowak? It should have been here last Monday.", Language::En),
            ("我的 iPhone 15 Pro 订单在哪里？", Language::Zh),
            ("iPhone 15 Pro の注文はいつ届きますか？", Language::Ja),
        ] {
            assert_eq!(Language::of(text), Some(language), "{text}");
        }
    }
}
