/** The words one country's made-up customers are put together from. */
export interface Locale {
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  /** Order of `{given}` and `{family}`. */
  readonly name: string;
  /** Each with its spelling in the letters of an e-mail address. */
  readonly given: readonly (readonly [string, string])[];
  readonly family: readonly (readonly [string, string])[];
  /** Order of `{street}` and `{number}`. */
  readonly address: string;
  readonly streets: readonly string[];
  readonly cities: readonly string[];
  /** Templates in E.164 and as people write them; `#` is a digit. Kept for fiction, or else zeros where no subscriber number begins. */
  readonly phones: readonly string[];
  /** The shape of the real id, with letters, months or zeros that are not issued; `#` is a digit, `{birth}` is YYYYMMDD. */
  readonly nationalId: string;
  readonly notes: readonly string[];
  /** The script's own digits from 0 to 9, where they differ. */
  readonly digits?: string;
}

const list = (text: string): string[] => text.split(" | ");
const spelt = (text: string): [string, string][] =>
  list(text).map((pair) => {
    const [native = "", latin = ""] = pair.split("=");
    return [native, latin];
  });

export const locales: readonly Locale[] = [
  {
    country: "DE",
    name: "{given} {family}",
    given: spelt(
      "Jürgen=juergen | Zoë=zoe | Käthe=kaethe | Anneliese=anneliese | Björn=bjoern | Götz=goetz | Hans-Günther=hans-guenther",
    ),
    family: spelt("Weißflog=weissflog | Müßig=muessig | Köhlbrand=koehlbrand | von der Höh=vonderhoeh | Ährenfeld=aehrenfeld"),
    address: "{street} {number}",
    streets: list("Große Bleiche | Königstraße | Am Mühlbach | Fürstenwall | Straße des 17. Juni"),
    cities: list("Köln | München | Görlitz | Mönchengladbach"),
    // Bundesnetzagentur, Rufnummern für die Verwendung in Medien.
    phones: list("+493023125### | 030 23125 ### | +496990009### | (069) 90009-###"),
    nationalId: "AE00######",
    notes: list(
      "Bitte erst nach 18 Uhr zurückrufen. | Die Rechnung über 1.249,00 € ist geprüft. | Schlüssel für das Lager übergeben. | Fragte, wo ihre Daten liegen.",
    ),
  },
  {
    country: "FR",
    name: "{given} {family}",
    given: spelt("Hélène=helene | François=francois | Maëlys=maelys | Jérôme=jerome | Noël=noel | Anaïs=anais"),
    family: spelt("Lefèvre-Châtel=lefevre-chatel | d’Aubépine=daubepine | Garçonnet=garconnet | Brûlé=brule | Œillet=oeillet"),
    address: "{number}, {street}",
    streets: list("rue de l’Église | allée des Chênes | boulevard du Général-Hêtre | impasse Saint-Rémi"),
    cities: list("Besançon | Orléans | Nîmes | Saint-Étienne"),
    // Arcep, décision 2018-0881: numbers for audiovisual works.
    phones: list("+3319900#### | 01 99 00 ## ## | +3363998#### | 06.39.98.##.##"),
    nationalId: "2 ## 00 99 000 ### ##",
    notes: list(
      "Souhaite être rappelée après l’été. | Le colis n’est jamais arrivé à destination. | A payé 89,90 € en espèces. | Ça va mieux depuis la mise à jour.",
    ),
  },
  {
    country: "PL",
    name: "{given} {family}",
    given: spelt("Łucja=lucja | Świętosława=swietoslawa | Michał=michal | Zbigniew=zbigniew | Bożena=bozena"),
    family: spelt("Żółkoś=zolkos | Dębińczak=debinczak | Śliwoń=sliwon | Gżegżółka=gzegzolka"),
    address: "ul. {street} {number}",
    streets: list("Źródlana | Świerkowa | Królowej Jadwigi | Łąkowa"),
    cities: list("Łódź | Gdańsk | Kraków | Wrocław"),
    phones: list("+4822000#### | 22 000 ## ##"),
    nationalId: "##00#######",
    notes: list("Prosi o fakturę na spółkę. | Zażółć gęślą jaźń. | Umowa wygasła w październiku. | Nie życzy sobie telefonów."),
  },
  {
    country: "SE",
    name: "{given} {family}",
    given: spelt("Åsa=asa | Björn=bjorn | Örjan=orjan | Göte=gote | Märta=marta"),
    family: spelt("Ängsudd=angsudd | Öhrström=ohrstrom | Sjöglänta=sjoglanta | Åkvall=akvall"),
    address: "{street} {number}",
    streets: list("Älgvägen | Örtagårdsgatan | Södra Ågatan | Kyrkbacken"),
    cities: list("Malmö | Göteborg | Örebro | Umeå"),
    // PTS, telefonnummer för användning i böcker och filmer.
    phones: list("+468465004## | 08-465 004 ##"),
    // Skatteverket keeps the serial numbers 980 to 999 for tests.
    nationalId: "{birth}-98##",
    notes: list(
      "Vill ha kvittot på e-post. | Återkommer på måndag. | Nöjd med hjälpen från växeln. | Nyckeln roterades på begäran.",
    ),
  },
  {
    country: "TR",
    name: "{given} {family}",
    given: spelt("Işıl=isil | İbrahim=ibrahim | Gülşah=gulsah | Çağrı=cagri | Ömür=omur"),
    family: spelt("Yıldızoğlu=yildizoglu | Kılıççı=kilicci | Şengüler=senguler | Ağırbaş=agirbas"),
    address: "{street} No: {number}",
    streets: list("Çınarlı Sokağı | Bağdat Caddesi | Gümüşsuyu Yokuşu | İnciraltı Sokak"),
    cities: list("İstanbul | Diyarbakır | Muğla | Eskişehir"),
    phones: list("+90212000#### | (0212) 000 ## ##"),
    nationalId: "0##########",
    notes: list("Öğleden sonra aranmak istiyor. | Kargo iki gün gecikti. | Şifresini yeniledi. | Iğdır şubesine yönlendirildi."),
  },
  {
    country: "VN",
    name: "{family} {given}",
    given: spelt("Thị Mỹ Hạnh=my.hanh | Quốc Đạt=quoc.dat | Ánh Tuyết=anh.tuyet | Hữu Phước=huu.phuoc | Ngọc Diễm=ngoc.diem"),
    family: spelt("Nguyễn=nguyen | Đỗ=do | Vũ=vu | Huỳnh=huynh"),
    address: "{number} đường {street}",
    streets: list("Lê Lợi | Trần Hưng Đạo | Nguyễn Huệ | Điện Biên Phủ"),
    cities: list("Hà Nội | Đà Nẵng | Cần Thơ | Huế"),
    phones: list("+84240000#### | 024 0000 ####"),
    nationalId: "000#########",
    notes: list(
      "Khách muốn đổi địa chỉ giao hàng. | Đã thanh toán đầy đủ. | Gọi lại sau giờ nghỉ trưa. | Yêu cầu xóa dữ liệu cũ.",
    ),
  },
  {
    country: "US",
    name: "{given} {family}",
    given: spelt("Siobhán=siobhan | Marisol=marisol | DeShawn=deshawn | Chloë=chloe | Peter=peter"),
    family: spelt("O’Farrow=ofarrow | Peñaloza-Reed=penaloza-reed | Whitcombe III=whitcombe | Nuñez=nunez | Okafor, Jr.=okafor"),
    address: "{number} {street}",
    streets: list('Elm Street, Apt "B" | N 3rd Ave #12 | Cañada Road | Coffeyville Turnpike, c/o Smith & Sons'),
    cities: list("San José, CA | Española, NM | Portland, OR | Hawaiʻi Kai, HI"),
    // NANPA: 555-0100 to 555-0199 are for fiction.
    phones: list("+121255501## | (212) 555-01## | 415.555.01##"),
    // SSA: the area number 666 is never assigned.
    nationalId: "666-##-####",
    notes: list(
      "Prefers e-mail over phone. | Asked where the encryption key lives. | Renewal is due in Q3. | Naïve question about the café’s résumé, answered.",
    ),
  },
  {
    country: "UA",
    name: "{given} {family}",
    given: spelt("Раїса=raisa | Олександра=oleksandra | Ґандзя=gandzia | Юрій=yurii | Євдокія=yevdokiia"),
    family: spelt("Щербаківська=shcherbakivska | Під’яремний=pidiaremnyi | Цвіркунець=tsvirkunets | Журавлів=zhuravliv"),
    address: "вул. {street}, буд. {number}",
    streets: list("Січових Стрільців | Під’їзна | Грушева | Набережно-Лугова"),
    cities: list("Київ | Львів | Харків | Чернівці"),
    phones: list("+38044000#### | (044) 000-##-##"),
    nationalId: "ЫЪ ######",
    notes: list(
      "Просить передзвонити після обіду. | Договір підписано у двох примірниках. | Об’єкт перевірено. | Ключ замінено, дані перешифровано.",
    ),
  },
  {
    country: "GR",
    name: "{given} {family}",
    given: spelt("Ευφροσύνη=effrosyni | Οδυσσέας=odysseas | Καλλιόπη=kalliopi | Αδελαΐδα=adelaida | Θρασύβουλος=thrasyvoulos"),
    family: spelt("Καραγιαννόπουλος=karagiannopoulos | Ξενοφωντίδου=xenofontidou | Ψαρρός=psarros | Ζαΐμη=zaimi"),
    address: "Οδός {street} {number}",
    streets: list("Ερμού | Αγίου Δημητρίου | Ύδρας | Βασιλίσσης Όλγας"),
    cities: list("Αθήνα | Θεσσαλονίκη | Πάτρα | Ηράκλειο"),
    phones: list("+30210000#### | 210 000 ####"),
    nationalId: "ΨΩ ######",
    notes: list(
      "Να κληθεί μετά τις έξι. | Η πληρωμή εκκρεμεί ακόμη. | Ζήτησε αντίγραφο της σύμβασης. | Όλα εντάξει μετά την αλλαγή κλειδιού.",
    ),
  },
  {
    country: "EG",
    name: "{given} {family}",
    given: spelt("نُورهان=nourhan | عبد الرحيم=abdelrahim | لُؤَيّ=loay | ياسمين=yasmin | إسلام=islam"),
    family: spelt("الزهراني=alzahrani | أبو العينين=abuelenin | الشرنوبي=elsharnoubi | منصور=mansour"),
    address: "\u200f{number} شارع {street}\u200f",
    streets: list("النخيل | طلعت حرب | الجمهورية | بورسعيد"),
    cities: list("القاهرة | الإسكندرية | أسوان | المنصورة"),
    phones: list("+2020000#### | 02 0000 ####"),
    nationalId: "900###########",
    notes: list("يُرجى الاتصال بعد الساعة السادسة. | تم دفع ٣٥٠ جنيهًا نقدًا. | طلب نسخة من العقد (PDF). | العميل راضٍ عن الخدمة."),
    digits: "٠١٢٣٤٥٦٧٨٩",
  },
  {
    country: "IL",
    name: "{given} {family}",
    given: spelt("נֹעַם=noam | אביגיל=avigayil | יְהוֹנָתָן=yehonatan | שיר־לי=shir-li | צופיה=tzofiya"),
    family: spelt("בן־הרוש=ben-harosh | אלקיים=elkayam | גרינשפן=grinshpan | שקדי=shkedi"),
    address: "\u200fרח׳ {street} {number}\u200f",
    streets: list("הרצל | ז׳בוטינסקי | שד׳ רוטשילד | הנביאים"),
    cities: list("תל אביב־יפו | חיפה | באר שבע | ירושלים"),
    phones: list("+9723000#### | 03-000-####"),
    nationalId: "00000####",
    notes: list("מבקשת שיחזרו אליה אחרי 18:00. | החשבונית נשלחה בדוא״ל. | שילם 120 ₪ במזומן. | המפתח הוחלף לפי בקשתו."),
  },
  {
    country: "IN",
    name: "{given} {family}",
    given: spelt("ऋत्विका=ritvika | श्रीनिवास=shrinivas | ज्ञानेश्वरी=gyaneshwari | क्षितिज=kshitij | आँचल=aanchal"),
    family: spelt("चतुर्वेदी=chaturvedi | त्रिपाठी=tripathi | देशपांडे=deshpande | कुलश्रेष्ठ=kulshreshtha"),
    address: "{number}, {street}",
    streets: list("महात्मा गांधी मार्ग | स्टेशन रोड | नेहरू नगर | विश्वविद्यालय पथ"),
    cities: list("मुंबई | वाराणसी | पुणे | नई दिल्ली"),
    phones: list("+91220000#### | 022-0000 ####"),
    // UIDAI: an Aadhaar number never begins with 0 or 1.
    nationalId: "0### #### ####",
    notes: list("कृपया शाम छह बजे के बाद फ़ोन करें। | भुगतान ₹१,२५० प्राप्त हुआ। | पता बदलने का अनुरोध है। | कुंजी बदल दी गई।"),
    digits: "०१२३४५६७८९",
  },
  {
    country: "CN",
    name: "{family}{given}",
    given: spelt("晓燕=xiaoyan | 子轩=zixuan | 𬱖=wei | 美玲=meiling | 建国=jianguo"),
    family: spelt("欧阳=ouyang | 诸葛=zhuge | 闫=yan | 赵=zhao"),
    address: "{street}{number}号",
    streets: list("人民路 | 中山北路 | 长安街 | 解放大道"),
    cities: list("北京市 | 广州市 | 成都市 | 哈尔滨市"),
    phones: list("+86100000#### | 010-0000 ####"),
    nationalId: "000000{birth}###X",
    notes: list("请在下午六点以后回电。 | 发票已寄出,金额¥1,280。 | 客户要求更换密钥。 | 地址有变更,待确认。"),
  },
  {
    country: "KR",
    name: "{family}{given}",
    given: spelt("서연=seoyeon | 도윤=doyun | 하늘=haneul | 꽃님=kkotnim | 슬기=seulgi"),
    family: spelt("남궁=namgung | 제갈=jegal | 김=kim | 권=kwon"),
    address: "{street} {number}",
    streets: list("세종대로 | 테헤란로 | 을지로3가 | 벚꽃길"),
    cities: list("서울특별시 | 부산광역시 | 전주시 | 강릉시"),
    phones: list("+822000#### | 02-000-####"),
    nationalId: "##00##-#######",
    notes: list(
      "오후 여섯 시 이후에 연락 바랍니다. | 결제 금액 ₩35,000 확인함. | 주소 변경을 요청하셨습니다. | 암호화 키가 교체되었습니다.",
    ),
  },
  {
    country: "JP",
    name: "{family} {given}",
    given: spelt("さくら=sakura | エリカ=erika | 健太郎=kentaro | みづき=mizuki | ジョージ=joji"),
    family: spelt("𠮷野=yoshino | 渡邉=watanabe | 小鳥遊=takanashi | 五十嵐=igarashi"),
    address: "{street}{number}番地",
    streets: list("本町二丁目 | 桜ヶ丘 | みなとみらい | ニセコ町字曽我"),
    cities: list("東京都渋谷区 | さいたま市 | 京都市 | つくば市"),
    phones: list("+8130000#### | 03-0000-####"),
    nationalId: "0000 #### ####",
    notes: list(
      "午後六時以降にお電話ください。 | ポイントカードを再発行しました。 | ガスメーター交換済み。 | 鍵を更新、データは再暗号化。",
    ),
    digits: "０１２３４５６７８９",
  },
  {
    country: "TH",
    name: "{given} {family}",
    given: spelt("กัญญารัตน์=kanyarat | สมศักดิ์=somsak | ณัฐพงษ์=nattapong | ปิ่นแก้ว=pinkaew | วิไลลักษณ์=wilailak"),
    family: spelt("ศรีสุวรรณ=srisuwan | ทองดีเลิศ=thongdeelert | เพ็ชรน้ำหนึ่ง=phetnamnueng | ใจซื่อ=chaisue"),
    address: "{number} {street}",
    streets: list("ถนนสุขุมวิท | ซอยทองหล่อ | ถนนพหลโยธิน | ถนนเจริญกรุง"),
    cities: list("กรุงเทพมหานคร | เชียงใหม่ | ขอนแก่น | ภูเก็ต"),
    phones: list("+662000#### | 02-000-####"),
    nationalId: "0-####-#####-##-#",
    notes: list("กรุณาโทรกลับหลังหกโมงเย็น | ชำระเงิน ๓๕๐ บาทแล้ว | ขอเปลี่ยนที่อยู่จัดส่ง | เปลี่ยนกุญแจเข้ารหัสเรียบร้อย"),
    digits: "๐๑๒๓๔๕๖๗๘๙",
  },
];
