//! Messages of a board with an entity of each kind, and of a client, as
//! (number, payload in hexadecimal digits). They are our own, serialized by the
//! class `api_pb2` of aioesphomeapi 46.23.0 (MIT), which is generated from
//! ESPHome's `api.proto`: so they check every number of a field here.

/// Number and payload of a message.
pub(super) type Vector = (u32, &'static str);

pub(super) const HELLO: Vector = (
    2,
    "0801100e1a186465736b2028657370686f6d652076323032362e362e352922046465736b",
);
pub(super) const INFO: Vector = (
    10,
    "12046465736b1a1130323a30303a30303a30413a31423a32432208323032362e362e3532086573703332\
     646576420961636d652e6465736b4a03312e32505062094573707265737369666a044465736ba2010a08\
     07120657696e646f77",
);
pub(super) const LAMP: Vector = (
    15,
    "15222211111a044c616d704d00001943550000fa435a044e6f6e655a075261696e626f776202230b7208\
     6d64693a6c616d70",
);
pub(super) const RELAY: Vector = (
    17,
    "15020001001a0552656c61792a096d64693a706f7765724a066f75746c6574",
);
pub(super) const TEMPERATURE: Vector = (
    16,
    "15010003001a0b54656d70657261747572653203c2b04338014a0b74656d70657261747572655001",
);
pub(super) const SIGNAL: Vector = (16, "15020003001a065369676e616c320364426d50016802");
pub(super) const DOOR: Vector = (12, "15010004001a044f70656e2a04646f6f725007");
pub(super) const STATUS: Vector = (18, "15010005001a065374617475733802");
pub(super) const LEVEL: Vector = (
    49,
    "15010006001a054c6576656c3d0000204145cdcccc3d50015a01566a07766f6c74616765",
);
pub(super) const MODE: Vector = (52, "15010007001a044d6f6465320345636f3205426f6f7374");
pub(super) const LABEL: Vector = (97, "15010008001a054c6162656c40014814");
pub(super) const PRESS: Vector = (61, "15010009001a054368696d65");
pub(super) const RESTART: Vector = (61, "15020009001a07526573746172743801420772657374617274");
pub(super) const IDENTIFY: Vector = (61, "15030009001a084964656e7469667942086964656e74696679");
pub(super) const BLIND: Vector = (13, "1501000a001a05426c696e64300138014205626c696e646001");
pub(super) const REMOTE: Vector = (
    107,
    "1501000b001a0652656d6f74654206627574746f6e4a0673696e676c654a06646f75626c65",
);
pub(super) const BOLT: Vector = (58, "1501000c004801");
pub(super) const FAN: Vector = (14, "1501000d001a0346616e30014003");
pub(super) const HEATING: Vector = (
    46,
    "1501000e001a0748656174696e679a010c6d64693a7261646961746f72a00101",
);
pub(super) const FIRMWARE: Vector = (116, "1501000f001a084669726d7761726542086669726d77617265");
pub(super) const VALVE: Vector = (109, "15010010001a0556616c76655001");
pub(super) const CAMERA: Vector = (43, "15010011001a0643616d657261");
pub(super) const LAMP_STATE: Vector = (
    24,
    "0d2222111110011d9a99193f250000803f2d0000003f3d0000803f4500007a434a044e6f6e6555c9c848\
     3f5823",
);
pub(super) const LAMP_WHITE: Vector = (
    24,
    "0d2222111110011d9a99193f250000803f2d0000003f45682fb9434a075261696e626f77550000803f58\
     0b",
);
pub(super) const RELAY_ON: Vector = (26, "0d020001001001");
pub(super) const RELAY_OFF: Vector = (26, "0d02000100");
pub(super) const TEMPERATURE_STATE: Vector = (25, "0d0100030015cdccac41");
pub(super) const TEMPERATURE_MISSING: Vector = (25, "0d010003001801");
pub(super) const SIGNAL_NAN: Vector = (25, "0d02000300150000c07f");
pub(super) const DOOR_STATE: Vector = (21, "0d0100040010012007");
pub(super) const STATUS_STATE: Vector = (27, "0d0100050012057265616479");
pub(super) const LEVEL_STATE: Vector = (50, "0d010006001500002040");
pub(super) const MODE_STATE: Vector = (53, "0d01000700120345636f");
pub(super) const LABEL_STATE: Vector = (98, "0d01000800120568656c6c6f");
pub(super) const BLIND_STATE: Vector = (22, "0d01000a001d0000803e250000003f");
pub(super) const BLIND_OPENING: Vector = (22, "0d01000a001d9a99993e250000003f2801");
pub(super) const REMOTE_EVENT: Vector = (108, "0d01000b001206646f75626c65");
pub(super) const BOLT_STATE: Vector = (59, "0d01000c001001");
pub(super) const FAN_STATE: Vector = (23, "0d01000d001001280130023a046175746f");
pub(super) const HEATING_STATE: Vector = (
    47,
    "0d01000e0010031d00009c41250000a8412d0000c07f350000c07f400348025002600575000020427d00\
     00c07f",
);
pub(super) const FIRMWARE_STATE: Vector = (117, "0d01000f003203312e303a03312e3142044465736b");
pub(super) const VALVE_STATE: Vector = (110, "0d01001000150000803f");
pub(super) const LOG: Vector = (
    29,
    "08021a241b5b303b33336d5b575d5b776966693a3031325d3a206e6f20616464726573731b5b306d",
);
pub(super) const SET_RELAY: Vector = (33, "0d020001001001");
pub(super) const SET_LEVEL: Vector = (51, "0d010006001533331340");
pub(super) const SET_MODE: Vector = (54, "0d010007001205426f6f7374");
pub(super) const SET_LABEL: Vector = (99, "0d010008001203627965");
pub(super) const SET_CHIME: Vector = (62, "0d01000900");
pub(super) const SET_BLIND: Vector = (30, "0d01000a0020012d0000403f");
pub(super) const STOP_BLIND: Vector = (30, "0d01000a004001");
pub(super) const OPEN_BOLT: Vector = (60, "0d01000c001002");
pub(super) const INSTALL: Vector = (118, "0d01000f001001");
pub(super) const SET_LAMP: Vector = (
    32,
    "0d222211111001180120012dcdcccc3e30013d0000803f450000003f700178f403a00101ad01c9c8483f",
);
pub(super) const SET_LAMP_WHITE: Vector =
    (32, "0d2222111160016d682fb9439001019a01075261696e626f77");
pub(super) const HELLO_REQUEST: Vector = (1, "0a0b537769746368626f6172641001180e");
pub(super) const LOG_REQUEST: Vector = (28, "0802");
