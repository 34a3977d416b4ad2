"""Fixture profiles and the files of the Open Fixture Library: TWL-F110 to F129, F132 and F133."""

from controller.events.models import EventKind, Level, Text

KINDS: tuple[EventKind, ...] = (
    EventKind(
        "TWL-F110",
        "fixture_file.unreadable",
        Level.ERROR,
        Text(
            "This is no fixture file of the Open Fixture Library: {where}: {problem}",
            "Detta är ingen lampfil från Open Fixture Library: {where}: {problem}",
        ),
        Text("The file does not have the form of the library.", "Filen har inte bibliotekets form."),
        Text(
            "Download the fixture again from the library in its own JSON form.",
            "Hämta lampan igen från biblioteket i dess eget JSON-format.",
        ),
    ),
    EventKind(
        "TWL-F111",
        "fixture_file.no_such_mode",
        Level.ERROR,
        Text('The fixture has no mode "{mode}"', 'Lampan har inget läge "{mode}"'),
        Text(
            "A lamp has several DMX modes; the one that is set on the lamp itself must be imported.",
            "En lampa har flera DMX-lägen; det som är inställt på själva lampan ska importeras.",
        ),
        Text('Did you mean "{suggestion}"? The modes are: {modes}.', 'Menade du "{suggestion}"? Lägena är: {modes}.'),
    ),
    EventKind(
        "TWL-F112",
        "fixture_file.redirect",
        Level.ERROR,
        Text("This file only points to {target}", "Den här filen pekar bara på {target}"),
        Text("The lamp is sold under another name.", "Lampan säljs under ett annat namn."),
        Text("Import {target} instead.", "Importera {target} i stället."),
    ),
    EventKind(
        "TWL-F113",
        "fixture_mode.only_macros",
        Level.ERROR,
        Text(
            'Mode "{mode}" has no channel for each colour of light',
            'Läget "{mode}" har ingen kanal för varje ljusfärg',
        ),
        Text(
            "In this mode the lamp only chooses among ready-made colours, so a colour cannot be mixed.",
            "I det här läget väljer lampan bara bland färdiga färger, så ingen färg kan blandas.",
        ),
        Text(
            "Set the lamp to a mode with red, green and blue channels; the modes are: {modes}.",
            "Ställ lampan i ett läge med röda, gröna och blå kanaler; lägena är: {modes}.",
        ),
    ),
    EventKind(
        "TWL-F114",
        "fixture_mode.hue_and_saturation",
        Level.ERROR,
        Text(
            'Mode "{mode}" takes hue and saturation instead of red, green and blue',
            'Läget "{mode}" tar nyans och mättnad i stället för rött, grönt och blått',
        ),
        Text(
            "How such a lamp mixes a hue is not known, so its colour would not match the others.",
            "Hur en sådan lampa blandar en nyans är inte känt, så färgen skulle inte stämma med de andra.",
        ),
        Text(
            "Set the lamp to a mode with red, green and blue channels; the modes are: {modes}.",
            "Ställ lampan i ett läge med röda, gröna och blå kanaler; lägena är: {modes}.",
        ),
    ),
    EventKind(
        "TWL-F115",
        "fixture_mode.filters",
        Level.ERROR,
        Text(
            'Mode "{mode}" mixes colours by filters before a white lamp',
            'Läget "{mode}" blandar färger med filter framför en vit lampa',
        ),
        Text(
            "Cyan, magenta and yellow filters take light away; only lamps that add light can be driven.",
            "Filter i cyan, magenta och gult tar bort ljus; bara lampor som lägger ihop ljus kan styras.",
        ),
        Text(
            "Set the lamp to a mode with red, green and blue channels if it has one; the modes are: {modes}.",
            "Ställ lampan i ett läge med röda, gröna och blå kanaler om det finns; lägena är: {modes}.",
        ),
    ),
    EventKind(
        "TWL-F116",
        "fixture_mode.always_flashes",
        Level.ERROR,
        Text(
            'Channel "{channel}" of mode "{mode}" has no value at which the light is steady',
            'Kanalen "{channel}" i läget "{mode}" har inget värde där ljuset är stadigt',
        ),
        Text("Nothing may flash, so the mode cannot be used.", "Inget får blinka, så läget kan inte användas."),
        Text(
            "Set the lamp to another mode; the modes are: {modes}.",
            "Ställ lampan i ett annat läge; lägena är: {modes}.",
        ),
    ),
    EventKind(
        "TWL-F117",
        "fixture_file.too_large",
        Level.ERROR,
        Text("The file has {size} characters, more than {most}", "Filen har {size} tecken, fler än {most}"),
        Text("Fixture files are far smaller.", "Lampfiler är mycket mindre."),
        Text("Choose the file of one fixture.", "Välj filen för en enda lampa."),
    ),
    EventKind(
        "TWL-F118",
        "fixture_mode.too_many_channels",
        Level.ERROR,
        Text('Mode "{mode}" has more than 512 channels', 'Läget "{mode}" har fler än 512 kanaler'),
        Text("DMX512 has 512 channels in a universe.", "DMX512 har 512 kanaler i ett universum."),
        Text(
            "Set the lamp to a mode with fewer channels; the modes are: {modes}.",
            "Ställ lampan i ett läge med färre kanaler; lägena är: {modes}.",
        ),
    ),
    EventKind(
        "TWL-F119",
        "profiles.too_many",
        Level.ERROR,
        Text(
            "There are {count} profiles in the folder, and at most {most} are read",
            "Det finns {count} profiler i mappen, och högst {most} läses",
        ),
        Text("A site has few kinds of lamps.", "En anläggning har få sorters lampor."),
        Text(
            "Move the profiles that no fixture names out of the folder.",
            "Flytta ut de profiler som ingen lampa nämner ur mappen.",
        ),
    ),
    EventKind(
        "TWL-F120",
        "profile.invalid",
        Level.ERROR,
        Text("The profile cannot be used: {where}: {problem}", "Profilen kan inte användas: {where}: {problem}"),
        Text("A profile has a name and its channels in order.", "En profil har ett namn och sina kanaler i ordning."),
        Text("Correct {where} in the profile.", "Rätta {where} i profilen."),
    ),
    EventKind(
        "TWL-F121",
        "profile.unknown_channel",
        Level.ERROR,
        Text("{value} is no kind of channel", "{value} är ingen sorts kanal"),
        Text(
            "A channel is a colour of light such as red or warm_white, its fine half (red fine), dimmer, "
            "shutter: 47 or fixed: 0.",
            "En kanal är en ljusfärg som red eller warm_white, dess fina halva (red fine), dimmer, "
            "shutter: 47 eller fixed: 0.",
        ),
        Text("Did you mean {suggestion}?", "Menade du {suggestion}?"),
    ),
    EventKind(
        "TWL-F122",
        "profile.no_light",
        Level.ERROR,
        Text(
            "The profile {profile} has no channel that gives light", "Profilen {profile} har ingen kanal som ger ljus"
        ),
        Text(
            "A lamp needs a colour that is seen, or a dimmer alone.",
            "En lampa behöver en färg som syns, eller enbart en dimmer.",
        ),
        Text("Add the channels of its colours.", "Lägg till kanalerna för dess färger."),
    ),
    EventKind(
        "TWL-F123",
        "profile.fine_without_coarse",
        Level.ERROR,
        Text("There is {channel} fine but no {channel}", "Det finns {channel} fine men ingen {channel}"),
        Text(
            "A fine channel is the second half of a 16-bit level.",
            "En fin kanal är andra halvan av en 16-bitars nivå.",
        ),
        Text(
            "Add {channel}, or write fixed: 0 for the fine channel.",
            "Lägg till {channel}, eller skriv fixed: 0 för den fina kanalen.",
        ),
    ),
    EventKind(
        "TWL-F124",
        "profile.curve",
        Level.ERROR,
        Text('"{value}" is no dimming curve', '"{value}" är ingen dimkurva'),
        Text("The curve says how light follows level.", "Kurvan säger hur ljuset följer nivån."),
        Text("Write linear, square or a number from 0.2 to 5.", "Skriv linear, square eller ett tal från 0.2 till 5."),
    ),
    EventKind(
        "TWL-F125",
        "profile.pinned_channel",
        Level.ERROR,
        Text(
            "The pinned colour {color} sets {channel}, which the lamp does not have",
            "Den låsta färgen {color} anger {channel}, som lampan inte har",
        ),
        Text(
            "A pinned colour gives the levels of the lamp's own channels.",
            "En låst färg anger nivåer för lampans egna kanaler.",
        ),
        Text("Take {channel} out of {color}.", "Ta bort {channel} ur {color}."),
    ),
    EventKind(
        "TWL-F126",
        "profile.chromaticity",
        Level.ERROR,
        Text(
            "{value} is no chromaticity: x and y add up to at most 1",
            "{value} är ingen kromaticitet: x och y blir högst 1",
        ),
        Text(
            "CIE 1931 x and y say which colour a light source has.",
            "CIE 1931 x och y säger vilken färg en ljuskälla har.",
        ),
        Text("Write x and y as measured, as [0.57, 0.42].", "Skriv x och y som de mätts, till exempel [0.57, 0.42]."),
    ),
    EventKind(
        "TWL-F127",
        "profile.pinned_color",
        Level.ERROR,
        Text(
            'The profile {profile} of {fixture} pins "{color}", which is no colour',
            'Profilen {profile} för {fixture} låser "{color}", som inte är någon färg',
        ),
        Text(
            "Levels are pinned to a colour of the palette in tower.yaml; under this name nobody can ask for it.",
            "Nivåer låses till en färg i paletten i tower.yaml; under det här namnet kan ingen begära den.",
        ),
        Text('Did you mean "{suggestion}"?', 'Menade du "{suggestion}"?'),
    ),
    EventKind(
        "TWL-F128",
        "profile.level",
        Level.ERROR,
        Text("{value} is no level", "{value} är ingen nivå"),
        Text("A DMX channel has levels from 0 to 255.", "En DMX-kanal har nivåer från 0 till 255."),
        Text("Write a whole number from 0 to 255.", "Skriv ett heltal från 0 till 255."),
    ),
    EventKind(
        "TWL-F129",
        "profile.pinned_dark",
        Level.ERROR,
        Text("The pinned colour {color} gives no light", "Den låsta färgen {color} ger inget ljus"),
        Text(
            "Every level that it gives is dark, or its dimmer is shut.",
            "Varje nivå som anges är mörk, eller så är dimmern stängd.",
        ),
        Text("Write the levels at which {color} was seen.", "Skriv nivåerna där {color} syntes."),
    ),
    EventKind(
        "TWL-F132",
        "fixture_channel.acts_at_rest",
        Level.WARNING,
        Text(
            'Channel {number}, "{channel}", is held at {value}, where it may colour, flash or cover the light',
            'Kanal {number}, "{channel}", hålls på {value}, där den kan färga, blinka eller dölja ljuset',
        ),
        Text(
            "By the fixture file no value of this channel leaves the light alone.",
            "Enligt lampfilen finns inget värde där kanalen lämnar ljuset i fred.",
        ),
        Text(
            "Look at it with watertower test-lamps --channels; if the light is wrong, write in the profile for channel "
            "{number} the value that the lamp's manual gives.",
            "Titta med watertower test-lamps --channels; är ljuset fel, skriv i profilen för kanal {number} det värde som "
            "lampans handbok anger.",
        ),
    ),
    EventKind(
        "TWL-F133",
        "fixture_channel.several_dimmers",
        Level.WARNING,
        Text(
            "There are several dimmers, all full while the lamp is lit: channels {channels}",
            "Det finns flera dimrar, alla fullt öppna medan lampan lyser: kanalerna {channels}",
        ),
        Text(
            "One of them may be that of a light of its own, such as a white beam beside the colours.",
            "En av dem kan höra till ett eget ljus, till exempel en vit stråle bredvid färgerna.",
        ),
        Text(
            "Look at it with watertower test-lamps --channels; if each colour is white too, write fixed: 0 in the profile "
            "for that dimmer of channels {channels}.",
            "Titta med watertower test-lamps --channels; är varje färg också vit, skriv fixed: 0 i profilen för den dimmern "
            "av kanalerna {channels}.",
        ),
    ),
)
